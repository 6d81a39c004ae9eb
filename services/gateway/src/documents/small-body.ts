/** A body up to this many bytes is looked at before anything is stored: then nothing has to be read back or undone. */
export const smallBodyBytes = 1_048_576;
