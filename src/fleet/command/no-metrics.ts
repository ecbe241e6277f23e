/** @file The incident of a command that runs well and tells nothing. */

export const NO_METRICS = "no numbers are read from the command";
