import { test } from 'tap'
import { runTool } from '../../packaging/run-tool.ts'

test('a tool that fails says why, and one that is missing where it comes from', async (t) => {
  runTool('sh', ['-c', 'test "$A" = b && pwd'], { cwd: '/', env: { A: 'b' } })
  t.throws(() => runTool('sh', ['-c', 'echo no room >&2; exit 3']), { message: /ended with 3:\nno room\n$/ })
  t.throws(() => runTool('no-such-tool', [], { debianPackage: 'tools' }), {
    message: 'no-such-tool is not installed: apt-get install tools',
  })
})
