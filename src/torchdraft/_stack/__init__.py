"""Stack: whose code is asking. The running Python stack goes in; the user's frames, and who raised a question, come
out. May import `_source`, `_torch` and `model`.
"""
