"""The one question language inside: a tree of conditions on a JSON document, and what can be done with it.

    tree        the conditions
    document    reading a document, and its numbers as text
    glob, regex how texts are compared
    evaluate    the answer, in the plainest code
    explain     the answer, and why
    notation    how conditions are written

It knows nothing of log messages, of detections or of CloudTrail.
"""
