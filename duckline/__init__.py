"""What runs Duckline: the command line, the processes of the stack, the web server's own part.

`huey_tasks` and `web` import nothing from here, and an application that only submits imports
`huey_tasks` alone.
"""
