/** What ways of using N ranks have of their own in a report, as a browser shows it. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import type { Page } from 'playwright-core'
import { readLinesOf, run, temporaryFolder } from '../rig.ts'
import { curvesOf } from '../web/curves.ts'
import { checkAccessibility, closeBrowser, noBrowser, openWindow } from './chromium.ts'

after(closeBrowser)

const TRAIN = ['train', '--total-steps', '4096', '--update-epochs', '4']

test('async beside allreduce: both learning curves, and how old what was learnt from was', {
  skip: noBrowser,
}, async t => {
  const folder = temporaryFolder(t)
  for (const [name, ...way] of [['allreduce'], ['async'], ['server', '--async']]) {
    const out = join(folder, name)
    const { status, stderr } = await run(['-np', '3', '--out', out, ...TRAIN, '--parallelism', name, ...way])
    assert.equal(status, 0, stderr)
  }
  const page = await open(t, folder)
  assert.equal(await curves(page, 'path.line'), 3)
  const svg = await page
    .locator('#staleness svg')
    .first()
    .evaluate(element => element.outerHTML)
  const shown = curvesOf(svg).map(({ points }) => points)
  assert.equal(shown.length, 2) // nothing is stale where all wait for all
  for (const [i, name] of ['async', 'server'].entries()) {
    const expected = histogramOf(join(folder, name))
    assert.deepEqual(
      shown[i].map(([age, pieces]) => [Math.round(age), Math.round(pieces)]),
      expected,
      name,
    )
  }
})

test('a sweep: a table of its combinations, and a curve of each', { skip: noBrowser }, async t => {
  const out = join(temporaryFolder(t), 'sweep')
  const varied = ['--learning-rate', '1e-3,1e-5', '--seeds', '2']
  const { status, stderr } = await run(['sweep', '-np', '2', '--out', out, ...TRAIN, ...varied])
  assert.equal(status, 0, stderr)
  const page = await open(t, out)
  assert.equal(await curves(page, 'path.line'), 2)
  assert.equal(await curves(page, 'path.band'), 2)
  const rows = (await page.locator('table').allInnerTexts()).join('\n')
  for (const rate of ['1e-3', '1e-5']) assert.ok(rows.includes(rate), rows)
})

test('a population: the return, the learning rate and the lineage of each member', {
  skip: noBrowser,
}, async t => {
  const out = join(temporaryFolder(t), 'run')
  const way = ['--parallelism', 'population', '--exploit-every', '4']
  const { status, stderr } = await run(['-np', '3', '--out', out, ...TRAIN, ...way])
  assert.equal(status, 0, stderr)
  const page = await open(t, out)
  for (const id of ['returns', 'rates'])
    assert.equal(await page.locator(`#${id}-run svg path.line`).count(), 3, id)
  assert.ok((await page.locator('#lineage-run svg path').count()) > 3)
})

test('a federation: what the policy comes to in the environment of each client', {
  skip: noBrowser,
}, async t => {
  const out = join(temporaryFolder(t), 'run')
  const way = ['--parallelism', 'federated', '--client-envs', 'CartPole-v1,CartPole-v1:length=1']
  const { status, stdout, stderr } = await run(['-np', '3', '--out', out, ...TRAIN, ...way])
  assert.equal(status, 0, stderr)
  const clients = [...stdout.matchAll(/client +([\d.]+) in (\S+)/g)].map(([, meanReturn, env]) => [
    env,
    meanReturn,
  ])
  assert.equal(clients.length, 3)
  const page = await open(t, out)
  const facts = await page.locator('.facts').innerText()
  for (const [k, [env, meanReturn]] of clients.entries())
    assert.match(facts, RegExp(`Client ${k}\\s+${meanReturn}\\s+${env}\\s`))
})

/** In the plot of returns over steps; there is another over time. */
const curves = (page: Page, what: string): Promise<number> =>
  page.locator('#charts-episodic_return svg').first().locator(what).count()

/** The report on all below a folder; nothing in it may go wrong. */
async function open(t: TestContext, folder: string): Promise<Page> {
  const report = join(folder, 'all.html')
  const { status, stderr } = await run(['report', folder, '-o', report])
  assert.deepEqual([status, stderr], [0, ''])
  const { page, problems } = await openWindow(t)
  await page.goto(pathToFileURL(report).href)
  await checkAccessibility(page)
  assert.deepEqual(problems, [])
  return page
}

/** By age, how many pieces were learnt from, as metrics.jsonl says. */
function histogramOf(out: string): number[][] {
  const counts = new Map<number, number>()
  for (const update of readLinesOf<Record<string, number>>(out, 'metrics.jsonl'))
    for (const [name, pieces] of Object.entries(update)) {
      const [, age] = /^staleness\/of_(\d+)$/.exec(name) ?? []
      if (age !== undefined) counts.set(Number(age), (counts.get(Number(age)) ?? 0) + pieces)
    }
  return [...counts].sort(([a], [b]) => a - b)
}
