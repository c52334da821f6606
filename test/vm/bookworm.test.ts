import { describeRelease } from './cases.ts';

describeRelease('bookworm');
