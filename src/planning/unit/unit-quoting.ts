/**
 * A path as a word of a list such as ReadWritePaths=: in double quotes, with `"` and `\` escaped, and `%` doubled, since it begins a specifier
 * (systemd.unit(5), systemd.syntax(7)). Undefined where it holds a control character, which no line of a unit can carry there.
 * `prefix`: what stands before the path within the word, such as `-`.
 */
export function quotedPath(path: string, prefix = ''): string | undefined {
  if (/[\u0000-\u001f\u007f]/.test(path)) return undefined
  const escaped = path.replaceAll('%', '%%')
  if (/^[\w./@:+,%=-]+$/.test(escaped)) return prefix + escaped
  return `"${prefix}${escaped.replace(/["\\]/g, '\\$&')}"`
}
