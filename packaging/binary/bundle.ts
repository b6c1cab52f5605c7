import { build, type Metafile, type Plugin } from 'esbuild'
import { root } from './targets.ts'

/** What runs in the single executable: one file for the program and one for each of its threads. */
export interface Bundle {
  readonly main: string
  /** By the names that `threadCode` (src/native/embedded.ts) asks for. */
  readonly threads: Readonly<Record<string, string>>
  /** What went into all of them. */
  readonly inputs: Metafile['inputs']
}

const threadFiles = {
  'udp-receiver-thread': 'src/sources/udp-receiver-thread.ts',
  'sender-thread': 'src/app/bench-self/sender-thread.ts',
  'receiver-thread': 'src/app/bench-self/receiver-thread.ts',
}

/** The same on every machine: it does not depend on the target. */
export async function bundle(): Promise<Bundle> {
  const main = await bundleOne('src/cli/main.ts')
  const threads = await Promise.all(Object.entries(threadFiles).map(async ([name, file]) => [name, await bundleOne(file)] as const))
  return {
    main: main.text,
    threads: Object.fromEntries(threads.map(([name, { text }]) => [name, text])),
    inputs: Object.assign({}, main.inputs, ...threads.map(([, { inputs }]) => inputs)),
  }
}

async function bundleOne(file: string): Promise<{ text: string; inputs: Metafile['inputs'] }> {
  const { outputFiles, metafile, warnings } = await build({
    absWorkingDir: root,
    entryPoints: [file],
    outfile: 'bundle.js',
    write: false,
    metafile: true,
    bundle: true,
    // A single executable of Node.js 24 runs CommonJS alone.
    format: 'cjs',
    platform: 'node',
    target: 'node24',
    // Names stay, so that a stack trace says where an error comes from.
    minifyWhitespace: true,
    legalComments: 'none',
    define: { 'import.meta.url': 'executableUrl' },
    banner: { js: 'const executableUrl=require("node:url").pathToFileURL(process.execPath).href;' },
    plugins: [embeddedAddons],
    logLevel: 'silent',
  })
  if (warnings.length > 0) throw new Error(`${file} cannot be bundled as it is: ${warnings.map(({ text }) => text).join('; ')}`)
  const [output] = outputFiles
  if (output === undefined) throw new Error(`${file} gave no bundle`)
  return { text: output.text, inputs: metafile.inputs }
}

/** classic-level looks for its addon below node_modules; here it is one that the executable carries (src/native/addons.ts). */
const embeddedAddons: Plugin = {
  name: 'embedded-addons',
  setup(build) {
    build.onResolve({ filter: /^node-gyp-build$/ }, () => ({ path: 'classic-level.node', namespace: 'addon' }))
    build.onLoad({ filter: /.*/, namespace: 'addon' }, ({ path }) => ({
      contents: `module.exports = () => require('./src/native/addons.ts').loadAddon(${JSON.stringify(path)})`,
      resolveDir: root,
    }))
  },
}
