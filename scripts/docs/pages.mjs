// Makes watch.png and report.png: a run that trains, watched, and three seeds of two settings, compared.
//   node scripts/docs/pages.mjs
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { chromium } from 'playwright-core'

const bin = fileURLToPath(new URL('../../launcher/pporun.mjs', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'pporun-docs-'))
const picture = name => fileURLToPath(new URL(name, import.meta.url))
const pporun = (...words) => execFileSync(process.execPath, [bin, ...words], { cwd: folder, stdio: 'ignore' })
const browser = await chromium.launch({
  executablePath: execFileSync('sh', ['-c', 'command -v chromium'], { encoding: 'utf8' }).trim(),
  args: ['--no-sandbox'],
})

async function open(url, height) {
  const page = await browser.newPage({ viewport: { width: 1180, height }, deviceScaleFactor: 1 })
  await page.goto(url)
  return page
}

try {
  const job = spawn(process.execPath, [bin, '-np', '2', '--out', 'cartpole', 'train'], {
    cwd: folder,
    stdio: 'ignore',
  })
  while (!existsSync(join(folder, 'cartpole', 'metrics.jsonl'))) await sleep(100)
  const watching = spawn(process.execPath, [bin, 'watch', 'cartpole', '--port', '0'], { cwd: folder })
  const [url] = String(await new Promise(resolve => watching.stdout.once('data', resolve))).split('\n')
  const page = await open(url, 900)
  while (!(await page.evaluate("parseInt(document.querySelector('.progress')?.innerText ?? '100') > 60")))
    await sleep(100)
  await sleep(2000)
  await page.screenshot({ path: picture('watch.png') })
  await new Promise(resolve => job.once('exit', resolve))
  watching.kill()

  for (const seed of ['1', '2', '3'])
    for (const [name, rate] of [
      ['fast', '1e-3'],
      ['slow', '3e-4'],
    ])
      pporun('-np', '2', '--out', `${name}${seed}`, 'train', '--seed', seed, '--learning-rate', rate)
  rmSync(join(folder, 'cartpole'), { recursive: true })
  pporun('report', '.')
  const report = await open(pathToFileURL(join(folder, 'report.html')).href, 900)
  await report.screenshot({ path: picture('report.png') })
} finally {
  await browser.close()
  rmSync(folder, { recursive: true, force: true })
}
