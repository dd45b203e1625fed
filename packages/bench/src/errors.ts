/** Raised when the process that measured ended, or failed, before it had a result. */
export class ChildTaskError extends Error {
  override readonly name = 'ChildTaskError';
}

/** Raised when the disk has no room for the databases that a scenario needs. */
export class DiskSpaceError extends Error {
  override readonly name = 'DiskSpaceError';
}

/** Raised when a request was not answered for so long that its caller has gone. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
}

/** Raised when the server keeps connections of a process that has ended: what it is asked next would be measured beside them. */
export class LeftConnectionsError extends Error {
  override readonly name = 'LeftConnectionsError';
}

/** Raised when a process that a scenario needs ends, or cannot start. */
export class ProcessEndedError extends Error {
  override readonly name = 'ProcessEndedError';
}

/** Raised when somebody does not answer what the data say: their figures would mean nothing. */
export class WrongAnswerError extends Error {
  override readonly name = 'WrongAnswerError';
}
