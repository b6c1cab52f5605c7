# Devices reach the balancer, the balancer reaches the relays, nobody else does. Admin (9440) listens on loopback and has no rule.

locals {
  sources = { for name, pipeline in yamldecode(local.configuration).pipelines : name => pipeline.source }

  # "10435/udp" => { port = 10435, protocol = "udp" }; tcp and tls share a port.
  openings = merge([
    for source in local.sources : {
      for protocol in distinct([for transport in source.transports : transport == "udp" ? "udp" : "tcp"]) :
      "${source.port}/${protocol}" => { port = source.port, protocol = protocol }
    }
  ]...)

  from_devices = {
    for pair in setproduct(keys(local.openings), var.device_cidr_blocks) :
    "${pair[0]} ${pair[1]}" => merge(local.openings[pair[0]], { cidr = pair[1] })
  }

  # What the balancer asks: the TCP port of each pipeline, and for those of UDP alone health.listen.
  health_ports = try([tonumber(regex(":([0-9]+)$", yamldecode(local.configuration).health.listen)[0])], [])
  to_relays = merge(local.openings, {
    for port in local.health_ports : "${port}/tcp" => { port = port, protocol = "tcp" }
  })
}

resource "aws_security_group" "balancer" {
  name_prefix = "logrelay-balancer-"
  description = "The balancer in front of the relays"
  vpc_id      = var.vpc_id
}

resource "aws_security_group" "relay" {
  name_prefix = "logrelay-"
  description = "The relays"
  vpc_id      = var.vpc_id
}

resource "aws_vpc_security_group_ingress_rule" "devices" {
  for_each = local.from_devices

  security_group_id = aws_security_group.balancer.id
  cidr_ipv4         = each.value.cidr
  ip_protocol       = each.value.protocol
  from_port         = each.value.port
  to_port           = each.value.port
}

resource "aws_vpc_security_group_egress_rule" "to_relays" {
  for_each = local.to_relays

  security_group_id            = aws_security_group.balancer.id
  referenced_security_group_id = aws_security_group.relay.id
  ip_protocol                  = each.value.protocol
  from_port                    = each.value.port
  to_port                      = each.value.port
}

# It lets the clients in although their own addresses are preserved: what counts is that they come through the balancer.
resource "aws_vpc_security_group_ingress_rule" "from_balancer" {
  for_each = local.to_relays

  security_group_id            = aws_security_group.relay.id
  referenced_security_group_id = aws_security_group.balancer.id
  ip_protocol                  = each.value.protocol
  from_port                    = each.value.port
  to_port                      = each.value.port
}

resource "aws_vpc_security_group_ingress_rule" "ssh" {
  for_each = toset(var.ssh_cidr_blocks)

  security_group_id = aws_security_group.relay.id
  cidr_ipv4         = each.value
  ip_protocol       = "tcp"
  from_port         = 22
  to_port           = 22
}

# To the SIEM, to names and clocks, and to the package at the first boot. Narrow it to what you know.
resource "aws_vpc_security_group_egress_rule" "from_relays" {
  security_group_id = aws_security_group.relay.id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "-1"
}
