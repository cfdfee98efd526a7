import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { Status } from '../../../src/base/contract.ts'
import { PporunError, UsageError } from '../../../src/base/errors.ts'
import {
  BINDING,
  downloads,
  type LibtensorflowEngine,
  libtensorflowEngines,
  libtensorflowFolder,
  packageOf,
  TENSORFLOW_VERSION,
} from '../../../src/base/libtensorflow.ts'
import { buildBinding, findCompiler } from './binding.ts'
import { cudaWheelsOf, nodeHeaders, npmPackages, wheelOf } from './pins.ts'
import { call, capture } from './process.ts'
import { unpackScript } from './unpack.ts'
import { verify } from './verify.ts'

/**
 * `pporun doctor --install ENGINE`: libtensorflow out of TensorFlow's own wheel, TensorFlow.js for Node from npm, and the
 * binding between them compiled here. Nothing is taken from elsewhere, no install script runs, and node_modules of the
 * project stays as it is. A second call only verifies. Returns the exit status.
 */
export function install(name: string): number {
  const engine = libtensorflowEngines.find(known => known === name)
  if (!engine) throw new UsageError(`--install takes ${libtensorflowEngines.join(' or ')}; got '${name}'`)
  const folder = libtensorflowFolder(engine)
  if (!existsSync(folder)) {
    // Made beside its place and moved there whole: what stands there is complete.
    const draft = `${folder}.${process.pid}`
    try {
      build(engine, draft)
      renameSync(draft, folder)
    } finally {
      rmSync(draft, { recursive: true, force: true })
    }
  }
  say(`${engine} is in ${folder}: ${verify(engine, folder)}`)
  return Status.success
}

function build(engine: LibtensorflowEngine, folder: string): void {
  const wheel = wheelOf(engine)
  if (!wheel)
    throw new UsageError(
      `--install ${engine}: TensorFlow has no wheel with libtensorflow for ${process.platform} ${process.arch}; use --engine tfjs-wasm`,
    )
  const compiler = findCompiler()
  const python = findPython()
  const { download, disk } = downloads[engine]
  say(`downloads about ${download} MB; takes ${disk} MB in ${dirname(folder)}`)
  mkdirSync(folder, { recursive: true })

  say(`1/4 libtensorflow ${TENSORFLOW_VERSION}, out of its wheel`)
  const wheels = join(folder, 'wheels')
  call(python, [...pip(folder, [wheel]), '--dest', wheels])
  call(python, ['-c', unpackScript, wheels, folder])
  rmSync(wheels, { recursive: true })

  const cuda = cudaWheelsOf(engine)
  say(`2/4 ${cuda.length > 0 ? 'CUDA libraries' : 'no CUDA libraries: this one computes on the CPU'}`)
  if (cuda.length > 0) {
    call(python, [...pip(folder, cuda), '--dest', wheels])
    call(python, ['-c', extractAll, wheels, folder]) // to nvidia/, where the libraries look for them
    rmSync(wheels, { recursive: true })
  }

  say(`3/4 ${packageOf(engine)}, without its install script`)
  const wanted = [...npmPackages[engine], nodeHeaders]
  const specs = wanted.map(([name, version]) => `${name}@${version}`)
  call('npm', ['install', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund', ...specs])
  for (const [name, , integrity] of wanted) checkIntegrity(folder, name, integrity)

  say('4/4 the binding between the two')
  const made = buildBinding(compiler, folder, engine)
  const place = join(folder, 'node_modules', packageOf(engine), BINDING)
  mkdirSync(dirname(place), { recursive: true })
  // Node loads the file that it leads to, beside which the libraries lie.
  symlinkSync(relative(dirname(place), made), place)
}

/** Refuses what is not pinned. */
function pip(folder: string, lines: readonly string[]): string[] {
  const requirements = join(folder, 'requirements.txt')
  writeFileSync(requirements, `${lines.join('\n')}\n`)
  const platform = process.arch === 'arm64' ? 'aarch64' : 'x86_64'
  const platforms = ['manylinux_2_27', 'manylinux_2_17', 'manylinux2014'].flatMap(name => [
    '--platform',
    `${name}_${platform}`,
  ])
  return [
    ...['-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--python-version', '3.11'],
    ...[...platforms, '--require-hashes', '--disable-pip-version-check', '-r', requirements],
  ]
}

const extractAll = `import glob, sys, zipfile
for wheel in glob.glob(sys.argv[1] + '/*.whl'):
    zipfile.ZipFile(wheel).extractall(sys.argv[2])`

function findPython(): string {
  if (capture('python3', ['-m', 'pip', '--version']) !== null) return 'python3'
  throw new UsageError('--install needs python3 with pip, to fetch the wheel: apt install python3-pip')
}

/** As npm wrote down what it has fetched. */
function checkIntegrity(folder: string, name: string, expected: string): void {
  const lock = join(folder, 'node_modules', '.package-lock.json')
  const { packages } = JSON.parse(readFileSync(lock, 'utf8')) as {
    packages: Record<string, { integrity?: string }>
  }
  const found = packages[`node_modules/${name}`]?.integrity
  if (found !== expected)
    throw new PporunError(`${name} from ${basename(folder)}: its checksum is ${found}, expected ${expected}`)
}

function say(text: string): void {
  process.stderr.write(`${text}\n`)
}
