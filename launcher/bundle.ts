import { readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, extname } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Loader, OnLoadResult, Plugin } from 'esbuild'
import { UsageError } from '../src/base/errors.ts'

type Esbuild = typeof import('esbuild')

/**
 * One JavaScript file out of the user's script, made once and run by all ranks. It holds the user's own files;
 * what comes from node_modules is imported from where it lies, `pporun` from the running installation, so
 * that script and bundle may lie anywhere.
 */
export async function bundleScript(script: string): Promise<string> {
  const esbuild = await import('esbuild') // takes as long as a host's agent: they start meanwhile
  try {
    const { outputFiles } = await esbuild.build({
      entryPoints: [script],
      bundle: true,
      write: false,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      // Node's own conditions, not a bundler's: the file that Node would load is the one to name.
      conditions: [],
      sourcemap: 'inline',
      // Absolute sources: the bundle is moved to where its ranks are, and stack traces must name the user's files.
      absWorkingDir: '/',
      sourceRoot: 'file:///',
      logLevel: 'silent',
      banner: { js: banner(script) },
      plugins: [imports(), ownFiles(esbuild)],
    })
    return outputFiles[0].text
  } catch (error) {
    throw new UsageError(`cannot read ${script}:\n${await describe(error, esbuild)}`)
  } finally {
    await esbuild.stop() // its service would live as long as the job
  }
}

const INSTALLATION = new URL('../bundle/index.js', import.meta.url).href

/** Script and its CommonJS parts find `require` and their own name as if they had been run directly. */
function banner(script: string): string {
  return [
    `import { createRequire as pporunCreateRequire } from 'node:module'`,
    `const require = pporunCreateRequire(${JSON.stringify(pathToFileURL(script).href)})`,
    `process.argv[1] = ${JSON.stringify(script)}`,
  ].join('; ')
}

/** Imports that stay imports: Node's modules, this installation, and everything in node_modules. */
function imports(): Plugin {
  const builtins = new Set(builtinModules)
  return {
    name: 'imports',
    setup({ onResolve, resolve }) {
      onResolve({ filter: /.*/ }, async ({ path, kind, importer, resolveDir, pluginData }) => {
        if (kind === 'entry-point' || pluginData === 'seen') return null
        if (path.startsWith('node:') || builtins.has(path)) return { path, external: true }
        if (path === 'pporun') return { path: INSTALLATION, external: true }
        const found = await resolve(path, { kind, importer, resolveDir, pluginData: 'seen' })
        if (found.errors.length > 0 || !found.path.includes('/node_modules/')) return found
        const required = kind === 'require-call' || kind === 'require-resolve'
        return { path: required ? found.path : pathToFileURL(found.path).href, external: true }
      })
    },
  }
}

const LOADERS: Record<string, Loader> = {
  '.ts': 'ts',
  '.mts': 'ts',
  '.cts': 'ts',
  '.tsx': 'tsx',
  '.js': 'js',
  '.mjs': 'js',
  '.cjs': 'js',
  '.jsx': 'jsx',
}

/** In a bundle `import.meta` and `__filename` would be the bundle's: each file gets its own. */
function ownFiles({ transform }: Esbuild): Plugin {
  return {
    name: 'own-files',
    setup({ onLoad }) {
      onLoad({ filter: /\.[cm]?[jt]sx?$/ }, async ({ path }): Promise<OnLoadResult> => {
        const loader = LOADERS[extname(path)]
        const source = readFileSync(path, 'utf8').replace(/^#!.*/, '')
        if (!/import\.meta|__filename|__dirname/.test(source)) return { contents: source, loader }
        const { code } = await transform(source, {
          loader,
          sourcefile: path,
          sourcemap: 'inline',
          define: {
            'import.meta': 'pporunImportMeta',
            __filename: JSON.stringify(path),
            __dirname: JSON.stringify(dirname(path)),
          },
          banner: `const pporunImportMeta = ${importMeta(path)};`,
        })
        return { contents: code, loader: 'js' }
      })
    },
  }
}

function importMeta(path: string): string {
  const url = pathToFileURL(path).href
  return JSON.stringify({ url, filename: path, dirname: dirname(fileURLToPath(url)) })
}

async function describe(error: unknown, { formatMessages }: Esbuild): Promise<string> {
  const errors = (error as { errors?: Parameters<typeof formatMessages>[0] }).errors
  if (!errors) return String(error)
  return (await formatMessages(errors, { kind: 'error', color: false })).join('').trim()
}
