# The cloud-config of cloud-init/user-data.yaml, with another configuration, package and disk. No provider is needed: `terraform apply`
# in this directory alone shows it.

terraform {
  required_version = ">= 1.3"
}

variable "configuration" {
  type        = string
  description = "The relay's configuration, as text."
}

variable "package_url" {
  type        = string
  description = "Package to install; null where the image has it."
  default     = null
}

variable "package_sha256" {
  type        = string
  description = "The package's SHA-256."
  default     = null
}

variable "data_device" {
  type        = string
  description = "Disk for the queues; null for the machine's own."
  default     = null
}

locals {
  cloud_config = yamldecode(file("${path.module}/../../cloud-init/user-data.yaml"))
  setup        = "/usr/local/lib/logrelay-setup"

  write_files = [
    for entry in local.cloud_config.write_files :
    merge(entry, { content = entry.path == "${local.setup}/logrelay.yaml" ? var.configuration : entry.content })
  ]

  command = concat(
    ["sh", "${local.setup}/provision.sh", "--kernel=${local.setup}/60-logrelay.conf", "--config=${local.setup}/logrelay.yaml", "--start"],
    [for option in var.package_url[*] : "--package=${option}"],
    [for option in var.package_sha256[*] : "--sha256=${option}"],
    [for option in var.data_device[*] : "--data-device=${option}"],
  )
}

output "user_data" {
  description = "User-data for cloud-init. AWS takes 16 KiB: compress it."
  value       = "#cloud-config\n${yamlencode(merge(local.cloud_config, { write_files = local.write_files, runcmd = [local.command] }))}"
}
