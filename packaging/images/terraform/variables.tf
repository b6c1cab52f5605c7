variable "vpc_id" {
  type        = string
  description = "VPC of the relays and of the balancer."
}

variable "subnet_ids" {
  type        = list(string)
  description = "Three subnets of it, each in another zone: one relay and one leg of the balancer in each."

  validation {
    condition     = length(var.subnet_ids) == 3 && length(distinct(var.subnet_ids)) == 3
    error_message = "Give three subnets."
  }
}

variable "device_cidr_blocks" {
  type        = list(string)
  description = "Networks of the devices that send."
}

variable "configuration_file" {
  type        = string
  description = "The relays' configuration. After a change of its pipelines write balancer/main.tf anew."
  default     = "relay.yaml"
}

variable "ami_id" {
  type        = string
  description = "Image of the relays: one that Packer made with the package and without a configuration (it would start before its disk is there), or null for Debian's own."
  default     = null
}

variable "package_url" {
  type        = string
  description = "Package that a relay installs at its first boot; null for an image that has it."
  default     = null
}

variable "package_sha256" {
  type        = string
  description = "The package's SHA-256."
  default     = null
}

variable "instance_type" {
  type        = string
  description = "An x86_64 type, unless ami_id is an image for arm64. `logrelay plan` says how much load it takes."
  default     = "m6i.large"
}

variable "queue_volume_gib" {
  type        = number
  description = "Disk for each relay's queues: the sum of all max_size and a third more."
  default     = 50
}

variable "key_name" {
  type        = string
  description = "Key pair of those who may log in; null for nobody."
  default     = null
}

variable "ssh_cidr_blocks" {
  type        = list(string)
  description = "Networks from which they may."
  default     = []
}

variable "iam_instance_profile" {
  type        = string
  description = "Instance profile, for secrets that a relay fetches itself; null for none."
  default     = null
}
