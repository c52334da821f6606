/**
 * Imported before any schema is made: zod would otherwise try `new Function`, which the panel's content
 * security policy forbids and the browser reports as an error.
 */
import { config } from 'zod';

config({ jitless: true });
