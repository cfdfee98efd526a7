/** The report as a browser shows it. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { readLinesOf, run, temporaryFolder } from '../rig.ts'
import { curvesOf } from '../web/curves.ts'
import { checkAccessibility, closeBrowser, noBrowser, openWindow } from './chromium.ts'

after(closeBrowser)

type Update = Record<string, number | null>

const train = (out: string, ...words: string[]) =>
  run(['-np', '2', '--out', out, 'train', '--total-steps', '8192', ...words])

test('a finished run has its report: curves with the data of metrics.jsonl, no request, accessible', {
  skip: noBrowser,
}, async t => {
  const out = join(temporaryFolder(t), 'run')
  const { status, stderr } = await train(out)
  assert.equal(status, 0, stderr)
  const url = pathToFileURL(join(out, 'report.html')).href
  for (const [colorScheme, width] of [
    ['light', 1280],
    ['dark', 1280],
    ['light', 360],
  ] as const) {
    const { page, problems, requests } = await openWindow(t, {
      colorScheme,
      viewport: { width, height: 800 },
    })
    await page.goto(url)
    assert.match(await page.title(), /run: report/)
    assert.deepEqual(problems, [])
    assert.deepEqual(
      requests.filter(address => !address.startsWith('data:')),
      [url],
    )
    assert.equal(
      await page.evaluate('document.documentElement.scrollWidth > innerWidth'),
      false,
      'no sideways scrolling',
    )
    await checkAccessibility(page)
  }
  const updates = readLinesOf<Update>(out, 'metrics.jsonl')
  const { page } = await openWindow(t)
  await page.goto(url)
  for (const metric of ['charts/episodic_return', 'losses/policy_loss', 'losses/approx_kl', 'charts/SPS']) {
    const svg = await page
      .locator(`#${metric.replaceAll('/', '-')} svg`)
      .first()
      .evaluate(element => element.outerHTML)
    const [{ points }] = curvesOf(svg)
    const expected = updates.filter(update => update[metric] !== null)
    const values = expected.map(update => update[metric]!)
    const spread = Math.max(...values) - Math.min(...values)
    assert.equal(points.length, expected.length, metric)
    for (const [i, [x, y]] of points.entries()) {
      assert.ok(Math.abs(x - expected[i].steps!) < 20, `${metric}: ${x} for ${expected[i].steps}`)
      assert.ok(Math.abs(y - values[i]) < 1e-3 * spread, `${metric}: ${y} for ${values[i]}`)
    }
  }
})

test('numbers can be read off with the pointer and with the keyboard', { skip: noBrowser }, async t => {
  const out = join(temporaryFolder(t), 'run')
  await train(out)
  const { page, problems } = await openWindow(t)
  await page.goto(pathToFileURL(join(out, 'report.html')).href)
  const last = readLinesOf<Update>(out, 'metrics.jsonl').at(-1)!
  const plot = page.locator('#charts-learning_rate svg')
  await plot.scrollIntoViewIfNeeded()
  const box = (await plot.boundingBox())!
  await page.mouse.move(box.x + box.width - 16, box.y + box.height / 2)
  const tip = page.locator('#tip')
  assert.ok(await tip.isVisible())
  const [steps, rate] = (await tip.innerText()).split(/ environment steps\s+/).map(Number)
  assert.equal(steps, last.steps)
  assert.ok(Math.abs(rate - last['charts/learning_rate']!) < 1e-7, `${rate}`)
  await page.mouse.move(2, 2)
  assert.ok(await tip.isHidden())
  await plot.focus()
  await page.keyboard.press('ArrowRight')
  const first = await tip.innerText()
  await page.keyboard.press('ArrowRight')
  assert.notEqual(await tip.innerText(), first)
  await page.keyboard.press('Escape')
  assert.ok(await tip.isHidden())
  assert.deepEqual(problems, [])
})

test('several runs: seeds of one setting are one curve with a spread, another setting is another; either can be hidden', {
  skip: noBrowser,
}, async t => {
  const folder = temporaryFolder(t)
  for (const [name, ...words] of [
    ['a1', '--seed', '1'],
    ['a2', '--seed', '2'],
    ['b', '--gamma', '0.9'],
  ])
    await train(join(folder, name), ...words)
  const { status, stdout, stderr } = await run(['report', folder, '-o', join(folder, 'all.html')])
  assert.deepEqual([status, stderr], [0, ''])
  assert.equal(stdout, `${join(folder, 'all.html')}\n`)
  const { page, problems } = await openWindow(t)
  await page.goto(pathToFileURL(join(folder, 'all.html')).href)
  await checkAccessibility(page)
  const curve = page.locator('#losses-entropy svg')
  assert.equal(await curve.locator('path.line').count(), 2)
  assert.equal(await curve.locator('path.band').count(), 1)
  assert.deepEqual(await page.locator('.keys span').allInnerTexts(), ['gamma 0.98 (2 seeds)', 'gamma 0.9'])
  const second = curve.locator('path.line.c1')
  await page.locator('.keys input').nth(1).uncheck()
  assert.equal(await second.isVisible(), false)
  await page.locator('.keys input').nth(1).check()
  assert.equal(await second.isVisible(), true)
  assert.deepEqual(problems, [])
  assert.ok(readFileSync(join(folder, 'all.html'), 'utf8').includes('gamma'))
})
