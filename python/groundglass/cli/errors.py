"""What the commands raise for the user's own mistakes."""


class WrongInput(Exception):
    """An error that is otherwise of the inside but here comes from what the user gave."""
