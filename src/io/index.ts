export { createFiles } from './files.ts';
export { createPorts } from './ports.ts';
export type { PortsOptions } from './ports.ts';
export { serveTasks } from './serve-tasks.ts';
export { askSecret, confirm, readInput, streamInput } from './terminal.ts';
export { createProgress } from './progress.ts';
