/**
 * What `logrelay start` runs without a configuration file: a relay on a laptop, without privileges, reachable from this
 * machine alone. It goes through the loader that reads every file.
 */
export const builtinConfig = `# Everything lies below ./data: the queue, the self-signed certificate and the messages.
data_dir: ./data
admin:
  listen: 127.0.0.1:9440
sinks:
  file:
    type: file
    format: raw
    path: logs/{pipeline}.log
pipelines:
  nginx:
    source:
      type: syslog
      device: nginx
      host: localhost
      port: 10435
      transports: [udp, tcp, tls]
    sinks: [file]
`

/** Stands where the name of a file would. */
export const builtinName = '(built-in configuration)'
