"""What CloudTrail writes: files and messages that hold records, who acted, and what an object's name tells.

This room opens bytes and names actors. It must not judge records (detections do), reach for S3 or files (sources do),
or know filter patterns (strangers by design).
"""
