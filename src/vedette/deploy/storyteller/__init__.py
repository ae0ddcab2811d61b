"""The storyteller: a Lambda function behind the alarms that finds the records, and tells who did what.

`contract` says what a template must give it; `handler` is where Lambda enters. The plain notification of the alarm goes
out by itself: whatever fails here, somebody hears of the alarm.
"""
