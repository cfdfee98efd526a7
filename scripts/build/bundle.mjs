// What runs, as a few files instead of two hundred: dist/bundle/ out of dist/. A rank loads in 60 ms instead of 150.
// Libraries of plain JavaScript go into it: execa and yargs by themselves load longer than all of it.
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const dist = fileURLToPath(new URL('../../dist', import.meta.url))
const outdir = join(dist, 'bundle')

/** What a module finds beside itself (kernels, pages, other entry points), it finds from where it was. */
const places = {
  name: 'places',
  setup({ onLoad }) {
    onLoad({ filter: /\.js$/ }, ({ path }) => {
      const own = `new URL('../${relative(dist, path).split(sep).join('/')}', import.meta.url).href`
      return { contents: readFileSync(path, 'utf8').replaceAll('import.meta.url', own) }
    })
  },
}

/** A library in CommonJS asks for Node's own modules by require(), which a module has not. */
const commonjs = `import { createRequire as nodeRequire } from 'node:module'; const require = nodeRequire(import.meta.url)`

/** Addons, the bundler itself, and what may be absent. */
const external = ['zeromq', 'koffi', 'esbuild', '@tensorflow/*', 'webgpu']
const entries = [
  'src/index.js',
  'src/preload.js',
  'launcher/main.js',
  'launcher/agent/agentmain.js',
  'launcher/sweep/membermain.js',
]
const { metafile } = await build({
  entryPoints: entries.map(entry => join(dist, entry)),
  entryNames: '[name]',
  outdir,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  // For traces (src/base/stack.ts). Nothing names them, so Node reads none when a process starts.
  sourcemap: 'external',
  sourcesContent: false,
  external,
  banner: { js: commonjs },
  plugins: [places],
  metafile: true,
  absWorkingDir: dist,
})
// Pieces of earlier builds, which nothing names any more.
const written = Object.keys(metafile.outputs).map(path => join(dist, path))
for (const name of readdirSync(outdir)) if (!written.includes(join(outdir, name))) rmSync(join(outdir, name))
