import { escapeControl } from '../../config/escape-control.ts'
import type { HttpAnswer } from './http-client.ts'

/** Characters of an answer that errors repeat. */
const excerptLength = 200
/** A page that does not say so by here is not looked into any further. */
const headBytes = 4096

/** What an answer says, for the end of an error's message: `: text` in its first 200 characters, or that it is a page of HTML; else nothing. */
export function answerWords(answer: HttpAnswer): string {
  if (answer.body.length === 0) return ''
  const head = answer.body.toString('utf8', 0, headBytes)
  if (isHtmlPage(answer)) return ` with an HTML page${title(head)}: is this the right URL, or a proxy's login page?`
  if (!isText(answer)) return ''
  const text = head.replace(/\s+/g, ' ').trim()
  if (text === '') return ''
  return `: ${escapeControl(text.length > excerptLength ? `${text.slice(0, excerptLength - 3)}...` : text)}`
}

/** Whether a whole page came, as browsers get; a receiver that wraps its OK in a tag or two gives none. */
export function isHtmlPage({ body }: HttpAnswer): boolean {
  return /^\s*(?:<\?xml[^>]*>\s*)?(?:<!--[^>]*-->\s*)*<(?:!doctype\s+html|html|head)\b/i.test(
    body.toString('utf8', 0, 1024).replace(/^\ufeff/, ''),
  )
}

function isText({ headers }: HttpAnswer): boolean {
  const type = headers['content-type']
  return type === undefined || /^\s*(?:text\/|application\/(?:[\w.+-]*\+)?(?:json|xml|problem))/i.test(type)
}

function title(head: string): string {
  const text = /<title[^>]*>([^<]*)/i.exec(head)?.[1]?.replace(/\s+/g, ' ').trim() ?? ''
  return text === '' ? '' : ` (${escapeControl(text.slice(0, 100))})`
}
