import { describeRelease } from './cases.ts';

describeRelease('trixie');
