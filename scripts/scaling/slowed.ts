import { spawn } from 'node:child_process'
import { train } from 'pporun'

/**
 * The shipped trainer, whose last rank runs a quarter of the time only: a host that somebody else computes on. A shell stops it for
 * 30 ms of every 40; it ends when the rank does.
 */
const { PPORUN_RANK, PPORUN_SIZE } = process.env
if (Number(PPORUN_RANK) === Number(PPORUN_SIZE) - 1) {
  const slow = 'while kill -STOP "$1" 2>&-; do sleep 0.03; kill -CONT "$1"; sleep 0.01; done'
  spawn('sh', ['-c', slow, 'sh', String(process.pid)], { stdio: 'ignore' }).unref() // which the rank does not wait for
}
await train()
