"""A child process that draws pieces: tasks come in on standard input, answers go out on standard output."""

import os
import pickle
import sys

from rosters.documents.pieces import call


def main():
    """Serve tasks until the parent closes the pipe; what libraries print goes to standard error."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    tasks = sys.stdin.buffer
    while True:
        try:
            name, job, path = pickle.load(tasks)  # noqa: S301 our own parent
        except EOFError:
            return
        try:
            answer = True, call(name, job, path)
        except Exception as error:  # handed to the parent, which raises it
            answer = False, error
        try:
            frame = pickle.dumps(answer)
        except Exception:  # an error that does not pickle
            frame = pickle.dumps((False, RuntimeError(repr(answer[1]))))
        answers.write(frame)
        answers.flush()


if __name__ == "__main__":
    main()
