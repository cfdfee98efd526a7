/** What engines run on that use this machine's cores. */
export const CPU: string = `${process.arch} CPU`
