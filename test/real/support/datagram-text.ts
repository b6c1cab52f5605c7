const terminators = [0x0a, 0x0d, 0x00]

/** The message in a datagram: line feeds, carriage returns and NULs at its end are terminators for the relay, as they are on TCP, not text. */
export function datagramText(datagram: Buffer): Buffer {
  let end = datagram.length
  while (end > 0 && terminators.includes(datagram[end - 1] as number)) end--
  return datagram.subarray(0, end)
}
