/** `npm run hostile`: the program over sources made to harm it, each in a process with ceilings of time and memory. For the night. */
import { runNode } from './run.ts';

process.exitCode = runNode(['--test', '--test-reporter=spec', 'test/hostile/*.hostile.ts']);
