# An invented configuration: CIS filters made for each of a map, as many are.
variable "namespace" {
  type    = string
  default = "CISBenchmark"
}

locals {
  filters = {
    trail = {
      pattern = <<-EOT
        { ($.eventName = CreateTrail) || ($.eventName = UpdateTrail) || ($.eventName = DeleteTrail) || ($.eventName = StartLogging) || ($.eventName = StopLogging) }
      EOT
      threshold = 1
    }
    login = {
      pattern   = "{ ($.eventName = ConsoleLogin) && ($.errorMessage = \"Failed authentication\") }"
      threshold = 3
    }
  }
}

resource "aws_sns_topic" "alerts" {
  name = "alerts"
}

resource "aws_sns_topic_subscription" "mail" {
  topic_arn = aws_sns_topic.alerts.arn
  protocol  = "email"
  endpoint  = "ops@example.com"
}

resource "aws_cloudwatch_log_metric_filter" "cis" {
  for_each       = local.filters
  name           = "cis-${each.key}"
  pattern        = trimspace(each.value.pattern)
  log_group_name = aws_cloudwatch_log_group.trail.name # not in this file

  metric_transformation {
    name      = format("cis-%s", each.key)
    namespace = var.namespace
    value     = "1"
  }
}

resource "aws_cloudwatch_metric_alarm" "cis" {
  for_each            = local.filters
  alarm_name          = "cis-${each.key}"
  metric_name         = aws_cloudwatch_log_metric_filter.cis[each.key].metric_transformation[0].name
  namespace           = var.namespace
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  threshold           = each.value.threshold
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alerts.arn]
}

resource "aws_cloudwatch_metric_alarm" "off" {
  count       = 0
  alarm_name  = "off"
  metric_name = "off"
  namespace   = var.namespace
}

module "more" {
  source = "./more"
}
