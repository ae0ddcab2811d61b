/* The CIS controls that are watched here:
   an entry each. { "not": a block } */
terraform {
  required_version = ">= 1.3"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.0"
    }
  }
}

variable "namespace" {
  type        = string
  description = "Where the metrics go: \"CISBenchmark\" // as the benchmark has it"
  default     = "CISBenchmark"
  validation {
    condition     = length(var.namespace) > 0 && !startswith(var.namespace, "AWS/")
    error_message = "Not one of AWS's own."
  }
}

variable "alarm_actions" {
  type    = list(string)
  default = []
}

variable "disabled" {
  type    = set(string)
  default = ["ConfigChanges"]
}

variable "create" {
  type    = bool
  default = true
}

variable "mail" {}

locals {
  all = {
    UnauthorizedAPICalls = {
      pattern   = "{($.errorCode=\"*UnauthorizedOperation\") || ($.errorCode=\"AccessDenied*\")}"
      threshold = 5
    }
    RootUsage = {
      pattern     = <<-EOT
        {$.userIdentity.type="Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType !="AwsServiceEvent"}
      EOT
      description = "Nobody should be root. # Not a comment."
      metric_name = "Root"
    }
    ConfigChanges = {
      pattern = "{ ($.eventSource = config.amazonaws.com) && ($.eventName = StopConfigurationRecorder) }"
    }
  }

  prefix   = var.namespace != "" ? "cis-" : ""
  controls = { for name, one in local.all : name => one if var.create && !contains(var.disabled, name) }
}

resource "aws_sns_topic" "alarms" {
  name = "alarms"
}

resource "aws_sns_topic" "more" {
  for_each = toset(["night"])
  name     = "alarms-${each.value}"
}

resource "aws_sns_topic_subscription" "mail" {
  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = var.mail
}

resource "aws_cloudwatch_log_metric_filter" "this" {
  for_each = local.controls

  name           = "${local.prefix}${each.key}"
  pattern        = each.value["pattern"]
  log_group_name = "cloudtrail"

  metric_transformation {
    name          = lookup(each.value, "metric_name", each.key)
    namespace     = var.namespace
    value         = "1"
    default_value = "0"
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.controls

  alarm_name          = "${local.prefix}${each.key}"
  alarm_description   = lookup(each.value, "description", null)
  metric_name         = aws_cloudwatch_log_metric_filter.this[each.key].metric_transformation[0].name
  namespace           = aws_cloudwatch_log_metric_filter.this[each.key].metric_transformation[0].namespace
  statistic           = "Sum"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  evaluation_periods  = 1
  period              = 60 * 5
  threshold           = try(each.value.threshold, 1)
  treat_missing_data  = "notBreaching"
  alarm_actions       = length(var.alarm_actions) > 0 ? var.alarm_actions : [aws_sns_topic.alarms.arn]

  lifecycle {
    ignore_changes = [tags]
  }
}

resource "aws_cloudwatch_log_metric_filter" "kms" {
  count          = var.create ? 1 : 0
  name           = "KmsDeletion"
  pattern        = "{($.eventSource = kms.amazonaws.com) && (($.eventName = DisableKey)||($.eventName=ScheduleKeyDeletion))}"
  log_group_name = "cloudtrail"

  dynamic "metric_transformation" {
    for_each = [1]
    content {
      name      = "KmsDeletion"
      namespace = "LogMetrics"
      value     = metric_transformation.value
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "kms" {
  count               = var.create ? 1 : 0
  alarm_name          = format("%s-%02d", aws_cloudwatch_log_metric_filter.kms[count.index].name, 1)
  metric_name         = one(aws_cloudwatch_log_metric_filter.kms[*].metric_transformation[0].name)
  namespace           = "LogMetrics"
  statistic           = "Sum"
  threshold           = 1
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  alarm_actions       = [for topic in aws_sns_topic.more : topic.arn]
}
