/* The three queues, the most urgent first. */

export const QUEUES = ['high', 'default', 'low'];
