import type { Sample } from './sample.ts'

/** A step of the way from socket to socket, and what is known to belong to it: a pattern of one frame's name, and of the thread. */
interface Rule {
  readonly step: string
  readonly frame: RegExp
  readonly thread?: RegExp
}

/**
 * The first rule that fits the innermost frame that any rule fits. So copying bytes counts as whatever had them copied, and a
 * function's own library says more than the system call at the end of the chain.
 */
const rules: readonly Rule[] = [
  {
    step: 'garbage collection',
    frame:
      /v8::internal::.*(?:Mark|Sweep|Scaveng|Evacuat|Collector|RememberedSet|PointersUpdating|BodyDescriptor|FreeList|GCTracer|Heap::)/,
  },
  { step: 'garbage collection', frame: /\(garbage collector\)|v8::internal::(?:Heap|ArrayBufferSweeper|ConcurrentMarking|GlobalHandles)/ },
  {
    step: 'JavaScript compiler',
    frame: /v8::internal::(?:compiler|maglev|turboshaft|baseline|interpreter|Compiler|OptimizingCompile|wasm)/,
  },
  { step: 'compression', frame: /\b(?:ZSTD|HUF|FSE|HIST|XXH\d+)_/ },
  { step: 'gzip', frame: /\b(?:Cr_z_|deflate|longest_match|fill_window|compress_block|build_tree|crc_fold|node::.*Zlib)/ },
  { step: 'checksums', frame: /crc32/ },
  { step: 'disk: write and fsync', frame: /(?:fsync|fdatasync|ext4_|xfs_|btrfs_|jbd2_|overlay|vfs_write|block_|submit_bio)/ },
  { step: 'LevelDB', frame: /leveldb|snappy|classic-level\.node/ },
  { step: 'kernel: UDP read', frame: /udp_recvmsg|recvmmsg/ },
  { step: 'kernel: TCP read', frame: /tcp_recvmsg|inet_recvmsg|sock_recvmsg|sock_read_iter|sys_recvfrom/ },
  { step: 'kernel: TCP write', frame: /tcp_sendmsg|inet_sendmsg|sock_sendmsg|sock_write_iter|sys_sendto|tcp_push|tcp_write_xmit/ },
  {
    step: 'kernel: files',
    frame: /sys_(?:read|write|pwrite64|openat|rename|unlink|fstat|newfstatat|ftruncate|fallocate|mmap|munmap)\b/,
    thread: /worker/,
  },
  { step: 'kernel: TCP write', frame: /sys_writev?\b/ },
  { step: 'kernel: TCP read', frame: /sys_readv?\b/ },
  { step: 'TLS', frame: /\b(?:SSL_|EVP_|aes|ossl_|gcm_|BIO_|tls1?3?_)|node::crypto::TLSWrap/ },
  { step: 'JSON', frame: /Json(?:Stringif|Pars)|JSONSerializ/ },
  { step: 'text to bytes', frame: /simdutf|StringBytes|WriteUtf8|Buffer::.*(?:Write|FromString)/ },
  { step: 'HTTP', frame: /node_modules\/undici\/|llhttp/ },
  { step: 'messages to documents', frame: /\/(?:src|dist)\/syslog\// },
  { step: 'framing', frame: /\/(?:src|dist)\/framing\// },
  { step: 'batch', frame: /\/(?:src|dist)\/batch\// },
  { step: 'source', frame: /\/(?:src|dist)\/sources\// },
  { step: 'queue', frame: /\/(?:src|dist)\/queue\// },
  { step: 'sink', frame: /\/(?:src|dist)\/(?:sinks|delivery)\// },
  { step: 'native calls', frame: /koffi|\/(?:src|dist)\/native\// },
  { step: 'LevelDB, JavaScript side', frame: /node_modules\/(?:abstract-level|classic-level|level)\// },
  { step: 'other parts of the relay', frame: /\/(?:src|dist)\/[a-z]+\// },
  { step: 'memory: faults and mapping', frame: /asm_exc_page_fault|sys_(?:madvise|mmap|munmap|mprotect)\b/ },
  { step: 'waiting and waking', frame: /epoll|futex|eventfd|sched_yield|uv_cond|pthread_cond|ttwu/ },
  { step: 'Node.js streams and timers', frame: /node:|uv_|uv__|node::/ },
]

export const unknownStep = 'other'

export function stepOf({ frames, thread }: Sample): string {
  for (const frame of frames) {
    const rule = rules.find((one) => one.frame.test(frame) && (one.thread?.test(thread) ?? true))
    if (rule !== undefined) return rule.step
  }
  // V8's own threads do nothing but these two, whatever a function without a name may be.
  return thread.startsWith('V8Worker') ? 'garbage collection' : unknownStep
}

export interface Cost {
  readonly name: string
  /** Of all samples, 0 to 1. */
  readonly share: number
  /** The innermost functions with the largest parts in it. */
  readonly functions: readonly { readonly name: string; readonly share: number }[]
}

/** What each group of samples stands for, the dearest first. */
export function costs(samples: readonly Sample[], groupOf: (sample: Sample) => string, mostFunctions: number): Cost[] {
  const total = weigh(samples)
  if (total === 0) return []
  return [...Map.groupBy(samples, groupOf)]
    .map(([name, members]) => {
      const functions = [...Map.groupBy(members, ({ frames }) => shorten(frames[0] ?? '?'))]
        .map(([frame, same]) => ({ name: frame, share: weigh(same) / total }))
        .toSorted((a, b) => b.share - a.share)
      return { name, share: weigh(members) / total, functions: functions.slice(0, mostFunctions) }
    })
    .toSorted((a, b) => b.share - a.share)
}

function weigh(samples: readonly Sample[]): number {
  return samples.reduce((sum, { weight }) => sum + weight, 0)
}

/** A name that fits a table: without template arguments, namespaces of V8, paths and the library. */
export function shorten(frame: string): string {
  const symbol = frame
    .replace(/ \([^()]*\)$/, '')
    .replace(/<.*>/, '')
    .replace(/v8::internal::|\(anonymous namespace\)::/g, '')
  const script = /^(?:JS:[*^~']*)?(\S+) (?:file:\/\/)?\S*\/((?:src|dist|node_modules)\/\S+?)(?::\d+)?$/.exec(symbol)
  const name = script === null ? symbol : `${script[1]} ${script[2]}`
  return name.length > 60 ? `${name.slice(0, 59)}…` : name
}
