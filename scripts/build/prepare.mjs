// npm runs this after `npm ci` and before `npm pack`: dist/ is the TypeScript of src/ and launcher/, compiled.
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'

try {
  createRequire(import.meta.url).resolve('typescript/package.json')
} catch {
  console.log('pporun: not built: dev dependencies are left out; install them and run: npm run build')
  process.exit(0)
}
process.exit(spawnSync('npm', ['run', 'build', '--silent'], { stdio: 'inherit' }).status ?? 1)
