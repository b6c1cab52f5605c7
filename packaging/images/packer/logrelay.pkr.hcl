# Debian 12's cloud image, with a relay in it: an AMI (amazon-ebs) and a disk image for KVM and the likes (qemu).
#
#   packer init packaging/images/packer
#   packer build -only='qemu.*' -var package_file=dist/packages/logrelay_0.1.0_amd64.deb packaging/images/packer
#
# With a configuration in the image each machine that is made of it is a relay at once; without one, cloud-init brings it
# (docs/images.md). Identities are in neither: see seal.sh.

packer {
  required_version = ">= 1.9"

  required_plugins {
    amazon = {
      source  = "github.com/hashicorp/amazon"
      version = "~> 1.3"
    }
    qemu = {
      source  = "github.com/hashicorp/qemu"
      version = "~> 1.1"
    }
  }
}

variable "package_file" {
  type        = string
  description = "The relay's .deb, of the image's architecture."
}

variable "package_sha256" {
  type        = string
  description = "Its SHA-256, from the SHA256SUMS beside it; empty: not checked."
  default     = ""
}

variable "configuration_file" {
  type        = string
  description = "The relay's configuration, without secrets; empty: the image has none."
  default     = ""
}

variable "version" {
  type        = string
  description = "Ends the image's name."
  default     = "0.1.0"
}

variable "architecture" {
  type        = string
  description = "amd64, or arm64 for an AMI."
  default     = "amd64"

  validation {
    condition     = contains(["amd64", "arm64"], var.architecture)
    error_message = "Choose amd64 or arm64."
  }
}

variable "region" {
  type        = string
  description = "AWS region in which the AMI is made."
  default     = "eu-central-1"
}

variable "debian_image" {
  type        = string
  description = "Debian's cloud image for qemu: a URL without the file's name. SHA512SUMS lies beside it."
  default     = "https://cloud.debian.org/images/cloud/bookworm/latest"
}

locals {
  name   = "logrelay-${var.version}-debian-12-${var.architecture}"
  upload = "/tmp/logrelay-setup"
  # Known to this build alone; seal.sh locks the account.
  password = uuidv4()

  package_name       = basename(var.package_file)
  configuration_name = var.configuration_file == "" ? "" : basename(var.configuration_file)
  files = compact([
    var.package_file,
    var.configuration_file,
    "${path.root}/../provision.sh",
    "${path.root}/../sysctl/60-logrelay.conf",
    "${path.root}/seal.sh",
  ])
  options = compact([
    "--package=${local.upload}/${local.package_name}",
    var.package_sha256 == "" ? "" : "--sha256=${var.package_sha256}",
    "--kernel=${local.upload}/60-logrelay.conf",
    local.configuration_name == "" ? "" : "--config=${local.upload}/${local.configuration_name}",
  ])
}

source "amazon-ebs" "debian" {
  region        = var.region
  ami_name      = local.name
  instance_type = var.architecture == "arm64" ? "t4g.small" : "t3.small"
  ssh_username  = "admin"
  ena_support   = true

  # Published by the Debian project's account.
  source_ami_filter {
    owners      = ["136693071363"]
    most_recent = true

    filters = {
      name                = "debian-12-${var.architecture}-*"
      virtualization-type = "hvm"
      root-device-type    = "ebs"
    }
  }

  # Machines made of the image may be reached by session tokens alone, and so is this one.
  imds_support = "v2.0"

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  tags = {
    Name = local.name
  }
}

source "qemu" "debian" {
  iso_url          = "${var.debian_image}/debian-12-genericcloud-amd64.qcow2"
  iso_checksum     = "file:${var.debian_image}/SHA512SUMS"
  disk_image       = true
  disk_size        = "8G"
  format           = "qcow2"
  disk_compression = true
  output_directory = "output-${local.name}"
  vm_name          = "${local.name}.qcow2"
  cpus             = 2
  memory           = 2048
  headless         = true
  shutdown_command = "sudo shutdown -P now"
  ssh_username     = "debian"
  ssh_password     = local.password
  ssh_timeout      = "10m"

  # cloud-init's NoCloud: a disk by this name is user-data.
  cd_label = "cidata"
  cd_content = {
    "meta-data" = "instance-id: packer\n"
    "user-data" = "#cloud-config\npassword: ${local.password}\nchpasswd: { expire: false }\nssh_pwauth: true\n"
  }
}

build {
  sources = ["source.amazon-ebs.debian", "source.qemu.debian"]

  # The first boot's own updates have ended when cloud-init has. It exits with 2 where it has only something to remark.
  provisioner "shell" {
    inline = ["cloud-init status --wait || [ $? = 2 ]", "mkdir -p ${local.upload}"]
  }

  provisioner "file" {
    sources     = local.files
    destination = "${local.upload}/"
  }

  provisioner "shell" {
    inline = ["sudo sh ${local.upload}/provision.sh ${join(" ", local.options)}"]
  }

  # The last one: after it nobody can log in.
  provisioner "shell" {
    inline = ["sudo sh ${local.upload}/seal.sh"]
  }
}
