"""The fundamentals: what Duckline does, one behaviour a test, through public names only.

Read them as a tutorial, from test_submit.py on. The task types that they use are in
`tests/task_modules/behaviours.py`. No test here is longer than 15 lines.
"""
