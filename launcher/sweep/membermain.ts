import { dieWithParent } from '../../src/base/system.ts'
import { main } from '../main.ts'

/** The launcher of one member of a sweep: `node membermain.js PID run ...`. It does not outlive the sweep, PID. */
dieWithParent(Number(process.argv[2]))
process.exitCode = await main(process.argv.slice(3))
