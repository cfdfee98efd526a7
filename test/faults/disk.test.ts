/** A disk that fills up (reference: F20): a small tmpfs of the test's own, in a namespace of mounts. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkout } from '../data.ts'
import { Running, temporaryFolder } from '../rig.ts'

const PPORUN = `${process.execPath} --no-warnings ${join(checkout, 'launcher', 'pporun.mjs')}`
const allowed = process.getuid?.() === 0 && spawnSync('unshare', ['--mount', 'true']).status === 0
const skip = allowed ? false : 'mounting needs root'

/** Runs a shell script beside a disk of that size, mounted at `$disk`. */
function onDisk(size: string, folder: string, script: string): Running {
  const mounted = `disk=${folder}\nmount -t tmpfs -o size=${size} small "$disk" || exit 99\n${script}`
  return new Running('unshare', ['--mount', 'bash', '-c', mounted], { cwd: folder })
}

test('full when a checkpoint is due: warned of, trained on, and the last good one stays', {
  skip,
}, async t => {
  const few = 'train --total-steps 4096 --hidden 256,256 --checkpoint-every 4 --update-epochs 1'
  const job = onDisk(
    '3m',
    temporaryFolder(t),
    `${PPORUN} -np 2 --out $disk/run ${few}; echo status $?
     ls $disk/run/checkpoints; wc -l <$disk/run/metrics.jsonl
     ${PPORUN} eval $disk/run --episodes 1 --json`,
  )
  const { stdout, stderr } = await job.ended
  assert.match(stderr, /^\[0\] pporun: warning: checkpoint of 2048 steps not written: ENOSPC/m)
  assert.match(stdout, /status 0\n1024\nlatest\n16\n\{"episodes":1,/)
})

test('full when metrics are written: the cause in one line, status 1, and no job is left', {
  skip,
}, async t => {
  const job = onDisk(
    '1m',
    temporaryFolder(t),
    `(until [ -s $disk/run/metrics.jsonl ]; do sleep 0.1; done; dd if=/dev/zero of=$disk/fill bs=4k) 2>/dev/null &
     ${PPORUN} -np 2 --out $disk/run train --total-steps 100000000 --checkpoint-every off; echo status $?
     cat $disk/run/run.json`,
  )
  const { stdout, stderr } = await job.ended
  assert.match(stdout, /status 1\n\{/)
  assert.match(
    stderr,
    /^pporun: rank 0 \(.*\) failed: Error: ENOSPC: no space left on device, write; all ranks/m,
  )
  assert.match(stderr, /^pporun: warning: .*run.json not written: ENOSPC/m)
  await job.allGone(5)
})
