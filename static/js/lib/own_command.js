/* How people call Duckline where this page comes from. */

/** `python app.py` in a checkout, `duckline` where it is installed. */
export const ownCommand = () => globalThis.document?.body?.dataset.command ?? 'duckline';

/** What starts everything. */
export const startCommand = () => (ownCommand() === 'duckline' ? 'duckline up' : 'make run');

/** What confirms that data are lost. */
export const writeOff = () => `${ownCommand()} verify --write-off`;
