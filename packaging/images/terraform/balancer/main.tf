# A Network Load Balancer in front of the relays.
# Written by `logrelay lb --for terraform` from the relay's configuration; write it anew when that changes.
# Every port has the same number here and on the relays. TLS is passed through: the first byte tells the relay which it
# is.
# The port is the health check: a relay closes the TCP port of a pipeline that cannot take messages, and opens it again
# by itself.
# GET /readyz?pipeline=NAME on port 9441 of the relays turns red (503) at the beginning of a drain, drain_delay before
# the ports close; it serves where a pipeline has no TCP port to look at.
# A relay that is full refuses its port and is out after two checks, 5 s apart. To take one out: deregister it and send
# SIGTERM (or `logrelay drain`) at once; drain_delay should be at least the deregistration delay, 30 s.
# AWS forgets a TCP connection that was silent for 350 s, and a flow of UDP after 120 s; the relay sends TCP keepalives
# after 60 s.
# TCP connections to a relay that fails its checks are not ended: a full one only pauses them and reads on as soon as it
# has room. When all relays fail, AWS sends to all of them.
# Ports with TCP and UDP are one TCP_UDP listener, since AWS allows one listener a port. There AWS does end the TCP
# connections to a relay that fails its checks, and with them what was under way. A pipeline of TCP alone on a port of
# its own, or RELP, loses nothing.
# UDP: a sender that keeps its port stays with one relay for as long as it sends; stickiness is off, since it would hold
# all ports of a sender there. When a relay is deregistered its flows are moved after the delay (connection
# termination).
# With the client's address preserved a relay cannot send to itself through the balancer, the relays must be in its VPC
# or a peered one, and their security groups must let the clients in, not only the balancer.

terraform {
  required_version = ">= 1.3"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.80, < 7.0"
    }
  }
}

variable "vpc_id" {
  type        = string
  description = "VPC of the relays."
}

variable "subnet_ids" {
  type        = list(string)
  description = "Subnets of the balancer, one in each zone."
}

variable "internal" {
  type        = bool
  description = "Whether the balancer is reachable from inside the VPC alone."
  default     = true
}

variable "security_group_ids" {
  type        = list(string)
  description = "Security groups of the balancer; none are needed."
  default     = []
}

variable "node_addresses" {
  type        = map(string)
  description = "IP address of each node: relay-a, relay-b, relay-c."

  validation {
    condition     = length(setsubtract(["relay-a", "relay-b", "relay-c"], keys(var.node_addresses))) == 0
    error_message = "Give the IP address of every node: relay-a, relay-b, relay-c."
  }
}

locals {
  node_addresses = merge({}, var.node_addresses)

  pools = {
    "default" = ["relay-a", "relay-b", "relay-c"]
  }

  pipelines = {
    # Pipeline linux: port 10403, TCP.
    # The client's address is preserved: the relay sees it as that of the connection. For relays in other networks, or
    # behind PrivateLink, set proxy_protocol and trusted_proxies in the pipeline's source and write this anew.
    "linux" = {
      group                  = "logrelay-10403-linux"
      port                   = 10403
      protocol               = "TCP"
      pool                   = "default"
      address_type           = "ipv4"
      proxy_protocol_v2      = false
      preserve_client_ip     = true
      connection_termination = false
      health_protocol        = "TCP"
      health_port            = "traffic-port"
      health_path            = null
    }

    # Pipeline nginx: port 10435, TCP and UDP.
    # With UDP on the port AWS always preserves the client's address: the relay sees it, and no PROXY header is sent.
    "nginx" = {
      group                  = "logrelay-10435-nginx"
      port                   = 10435
      protocol               = "TCP_UDP"
      pool                   = "default"
      address_type           = "ipv4"
      proxy_protocol_v2      = false
      preserve_client_ip     = null
      connection_termination = true
      health_protocol        = "TCP"
      health_port            = "traffic-port"
      health_path            = null
    }

    # Pipeline firewall: port 10410, UDP.
    # With UDP on the port AWS always preserves the client's address: the relay sees it, and no PROXY header is sent.
    "firewall" = {
      group                  = "logrelay-10410-firewall"
      port                   = 10410
      protocol               = "UDP"
      pool                   = "default"
      address_type           = "ipv4"
      proxy_protocol_v2      = false
      preserve_client_ip     = null
      connection_termination = true
      health_protocol        = "HTTP"
      health_port            = "9441"
      health_path            = "/readyz?pipeline=firewall"
    }
  }

  attachments = merge([
    for name, pipeline in local.pipelines : {
      for node in local.pools[pipeline.pool] : "${name}/${node}" => { pipeline = name, node = node }
    }
  ]...)
}

resource "aws_lb" "relay" {
  name                             = "logrelay"
  load_balancer_type               = "network"
  internal                         = var.internal
  subnets                          = var.subnet_ids
  security_groups                  = length(var.security_group_ids) > 0 ? var.security_group_ids : null
  enable_cross_zone_load_balancing = true
}

resource "aws_lb_target_group" "pipeline" {
  for_each = local.pipelines

  name                   = each.value.group
  port                   = each.value.port
  protocol               = each.value.protocol
  target_type            = "ip"
  ip_address_type        = each.value.address_type
  vpc_id                 = var.vpc_id
  proxy_protocol_v2      = each.value.proxy_protocol_v2
  preserve_client_ip     = each.value.preserve_client_ip
  deregistration_delay   = 30
  connection_termination = each.value.connection_termination

  health_check {
    protocol            = each.value.health_protocol
    port                = each.value.health_port
    path                = each.value.health_path
    interval            = 5
    timeout             = 3
    healthy_threshold   = 2
    unhealthy_threshold = 2
  }

  # AWS knows it for TCP alone.
  dynamic "target_health_state" {
    for_each = each.value.protocol == "TCP" ? [1] : []

    content {
      enable_unhealthy_connection_termination = false
      unhealthy_draining_interval             = 3600
    }
  }
}

resource "aws_lb_listener" "pipeline" {
  for_each = local.pipelines

  load_balancer_arn = aws_lb.relay.arn
  port              = each.value.port
  protocol          = each.value.protocol

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.pipeline[each.key].arn
  }
}

resource "aws_lb_target_group_attachment" "node" {
  for_each = local.attachments

  target_group_arn = aws_lb_target_group.pipeline[each.value.pipeline].arn
  target_id        = local.node_addresses[each.value.node]
}

output "dns_name" {
  description = "Where devices send to."
  value       = aws_lb.relay.dns_name
}
