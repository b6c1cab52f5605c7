# Three relays in three zones behind a Network Load Balancer. Each has a disk of its own for its queues, which outlives it: a relay
# that is replaced goes on where the one before stopped. docs/images.md has the commands.

locals {
  relays = {
    for index, name in ["relay-a", "relay-b", "relay-c"] : name => { subnet_id = var.subnet_ids[index] }
  }

  configuration = file("${path.module}/${var.configuration_file}")
  ami_id        = var.ami_id == null ? data.aws_ami.debian[0].id : var.ami_id
}

data "aws_subnet" "relay" {
  for_each = local.relays

  id = each.value.subnet_id
}

# Debian's own images, published by the project's account.
data "aws_ami" "debian" {
  count = var.ami_id == null ? 1 : 0

  most_recent = true
  owners      = ["136693071363"]

  filter {
    name   = "name"
    values = ["debian-12-amd64-*"]
  }
}

# Never destroyed with a relay, nor by `terraform destroy`: what is queued has nowhere else to be.
resource "aws_ebs_volume" "queue" {
  for_each = local.relays

  availability_zone = data.aws_subnet.relay[each.key].availability_zone
  type              = "gp3"
  size              = var.queue_volume_gib
  encrypted         = true

  tags = {
    Name = "logrelay-${each.key}-queue"
  }

  lifecycle {
    prevent_destroy = true
  }
}

module "user_data" {
  source   = "./user-data"
  for_each = local.relays

  configuration  = local.configuration
  package_url    = var.package_url
  package_sha256 = var.package_sha256
  # The name that udev gives an EBS volume on Nitro machines: its id without the hyphen.
  data_device = "/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${replace(aws_ebs_volume.queue[each.key].id, "-", "")}"
}

resource "aws_instance" "relay" {
  for_each = local.relays

  ami                    = local.ami_id
  instance_type          = var.instance_type
  subnet_id              = each.value.subnet_id
  vpc_security_group_ids = [aws_security_group.relay.id]
  iam_instance_profile   = var.iam_instance_profile
  key_name               = var.key_name
  user_data_base64       = base64gzip(module.user_data[each.key].user_data)

  root_block_device {
    volume_type = "gp3"
    encrypted   = true
  }

  # Only with a session token, and not through a proxy on the machine.
  metadata_options {
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  tags = {
    Name = "logrelay-${each.key}"
  }

  # Replaced one at a time, by name (`terraform apply -replace=...`): not all three because Debian has published an image, or because
  # the configuration has changed.
  lifecycle {
    ignore_changes = [ami, user_data_base64]

    precondition {
      condition     = var.package_url != null || var.ami_id != null
      error_message = "Give package_url, or ami_id with an image that has the package."
    }
  }
}

# The disk comes when the machine is up, and cloud-init waits for it. It goes when the machine has stopped: until then the relay
# drains.
resource "aws_volume_attachment" "queue" {
  for_each = local.relays

  device_name                    = "/dev/sdf"
  volume_id                      = aws_ebs_volume.queue[each.key].id
  instance_id                    = aws_instance.relay[each.key].id
  stop_instance_before_detaching = true
}

# balancer/main.tf is what `logrelay lb --for terraform` has written, as it is. The address of a relay comes from the machine itself:
# so one that is replaced is deregistered before it is stopped, and drain_delay is as long as AWS goes on sending to it.
module "balancer" {
  source = "./balancer"

  vpc_id             = var.vpc_id
  subnet_ids         = var.subnet_ids
  security_group_ids = [aws_security_group.balancer.id]
  node_addresses     = { for name, relay in aws_instance.relay : name => relay.private_ip }
}

output "dns_name" {
  description = "Where devices send to."
  value       = module.balancer.dns_name
}

output "relay_addresses" {
  description = "Private addresses of the relays."
  value       = { for name, relay in aws_instance.relay : name => relay.private_ip }
}
