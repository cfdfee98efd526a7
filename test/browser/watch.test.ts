/** The live page as a browser shows it, of real runs. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import type { Page } from 'playwright-core'
import { makeEnv } from '../../src/index.ts'
import { pporun, type Running, run, temporaryFolder, until } from '../rig.ts'
import { checkAccessibility, closeBrowser, noBrowser, openWindow } from './chromium.ts'

after(closeBrowser)

/** Watches a run's folder until the test's end. */
async function watch(t: TestContext, folder: string): Promise<string> {
  const watching = pporun(['watch', folder, '--port', '0'])
  t.after(async () => {
    watching.process.kill('SIGTERM')
    assert.equal((await watching.ended).status, 0)
  })
  await watching.prints('\n')
  return watching.stdout.split('\n')[0]
}

const stateOf = (page: Page): Promise<string> =>
  page
    .locator('#canvas')
    .evaluate(canvas => (canvas as unknown as { dataset: { state?: string } }).dataset.state ?? '')

/** Asks the page until it says yes: not through its own eval, which its policy forbids. */
async function eventually(page: Page, expression: string): Promise<void> {
  for (const end = performance.now() + 60_000; performance.now() < end; )
    if (await page.evaluate(`Boolean(${expression})`)) return
  throw new Error(`waited 60 s for ${expression}`)
}

/** The policy moves: the drawn state is another than it was, and there is something on the canvas. */
async function moves(page: Page): Promise<void> {
  await eventually(page, 'canvas.dataset.state')
  const before = await stateOf(page)
  await eventually(page, `canvas.dataset.state !== '${before}'`)
  const colors = await page.evaluate(`new Set(new Uint32Array(canvas.getContext('2d')
    .getImageData(0, 0, canvas.width, canvas.height).data.buffer)).size`)
  assert.ok((colors as number) > 8, `${colors} colours on the canvas`)
}

const started = (job: Running, out: string) =>
  until(
    'the run to report',
    () => job.process.exitCode !== null || existsSync(join(out, 'metrics.jsonl')) || undefined,
  )

test('the page follows a run that trains: curves grow, its newest policy plays, and at the end it says so', {
  skip: noBrowser,
}, async t => {
  const out = join(temporaryFolder(t), 'run')
  const { page, problems, requests } = await openWindow(t)
  const job = pporun(['-np', '2', '--out', out, 'train', '--total-steps', '50000'])
  await started(job, out)
  // Held until the page is there: a browser may take longer than all of the run.
  const ranks = [await job.rank(0), await job.rank(1)]
  for (const pid of ranks) process.kill(pid, 'SIGSTOP')
  const url = await watch(t, out)
  await page.goto(url)
  assert.equal(await page.locator('.status').innerText(), 'running')
  const steps = () => page.locator('#headline dd').nth(1).innerText()
  const first = await steps()
  for (const pid of ranks) process.kill(pid, 'SIGCONT')
  await moves(page)
  await eventually(
    page,
    `document.querySelectorAll('#headline dd')[1].innerText !== ${JSON.stringify(first)}`,
  )
  assert.match(
    await page.locator('#words').innerText(),
    /^CartPole-v1 · policy of step [1-9][\d ]* · episode \d+, step \d+ · return \d+$/,
  )
  assert.equal((await job.ended).status, 0)
  await eventually(page, `document.querySelector('.status').innerText === 'completed'`)
  assert.equal((await steps()).split('\n')[0], '50 176')
  await eventually(page, `document.querySelector('#words').innerText.includes('policy of step 50 176')`)
  await checkAccessibility(page)
  assert.deepEqual(problems, [])
  const origin = new URL(url).origin
  assert.deepEqual(
    requests.filter(address => !address.startsWith('data:') && new URL(address).origin !== origin),
    [],
  )
  assert.ok(!readdirSync(out).includes('live'), 'what was left for the page is gone')
})

test('who prefers less motion starts the play when they like, with the keyboard', {
  skip: noBrowser,
}, async t => {
  const out = join(temporaryFolder(t), 'run')
  await run(['--out', out, 'train', '--total-steps', '2048'])
  const { page, problems } = await openWindow(t, {
    reducedMotion: 'reduce',
    colorScheme: 'dark',
    viewport: { width: 360, height: 800 },
  })
  await page.goto(await watch(t, out))
  const button = page.locator('#pause')
  assert.equal(await button.innerText(), 'Play')
  await page.waitForTimeout(1500) // that nothing happens has no event
  assert.equal(await stateOf(page), '')
  await button.focus()
  await page.keyboard.press('Space')
  assert.equal(await button.innerText(), 'Pause')
  await moves(page)
  await page.keyboard.press('Space')
  await checkAccessibility(page)
  assert.equal(
    await page.evaluate('document.documentElement.scrollWidth > innerWidth'),
    false,
    'no sideways scrolling',
  )
  assert.deepEqual(problems, [])
})

test('all classic-control environments are drawn, and move, with as many pixels as the screen has', {
  skip: noBrowser,
}, async t => {
  const out = join(temporaryFolder(t), 'run')
  await run(['--out', out, 'train', '--total-steps', '1'])
  const url = await watch(t, out)
  for (const id of [
    'CartPole-v1',
    'Acrobot-v1',
    'Pendulum-v1',
    'MountainCar-v0',
    'MountainCarContinuous-v0',
  ]) {
    const { page, problems } = await openWindow(t, { deviceScaleFactor: 2, reducedMotion: 'reduce' })
    await page.goto(url)
    const scene = { env: id, rate: 30, policySteps: 0, frames: framesOf(id, 60) }
    await page.evaluate(`new Stage().add(${JSON.stringify(scene)})`)
    await moves(page)
    assert.equal(await page.evaluate('canvas.width === Math.round(canvas.clientWidth * 2)'), true)
    assert.deepEqual(problems, [], id)
  }
})

/** Real states, by an action that pushes one way. */
function framesOf(id: string, steps: number): object[] {
  const env = makeEnv(id)
  const action = env.actionSpace.type === 'discrete' ? env.actionSpace.n - 1 : [1]
  env.reset({ seed: 1 })
  return Array.from({ length: steps }, (_, step) => {
    env.step(action)
    return { state: [...env.state], action: [action].flat()[0], episode: 1, step, return: 0 }
  })
}
