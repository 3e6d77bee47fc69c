"""Assignments for a class: what is handed out, who judges what is handed in, and how it is run.

A submission runs in a process of its own (`kernel`), from a copy of the package without solutions
(`without_solutions`). The judge is another process (`judge`), with the solutions and the instructor's seed. Inputs go
to the submission, outputs come back (`wire`, `client`, `remote`). `running` runs one notebook, `marking` a class, and
`nbgrader_steps` is what nbgrader calls.
"""
