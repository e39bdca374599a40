export { createFiles } from './files.ts';
export { createPorts } from './ports.ts';
export type { PortsOptions } from './ports.ts';
export { serveTasks } from './serve-tasks.ts';
export { askSecret, createProgress, readInput } from './terminal.ts';
