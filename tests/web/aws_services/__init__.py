"""Tests of EventBridge, its Scheduler and CloudWatch Logs, with AWS's own client."""
