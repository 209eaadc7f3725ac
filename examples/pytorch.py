"""A network of PyTorch on handwritten digits, which goes on from its checkpoints.

    caviar run examples/pytorch.json --objective examples/pytorch.py:train

Everything random is drawn from the trial's seed and the epoch, so that a trial which was
interrupted goes on as if it had not been.
"""

import io

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn

digits = load_digits()
train_x, valid_x, train_y, valid_y = (
    torch.as_tensor(part)
    for part in train_test_split(
        (digits.data / 16).astype("float32"), digits.target, test_size=0.3, random_state=0
    )
)
torch.set_num_threads(1)  # the pool has a process for each core


def train(trial):
    """Train to the segment's end, from the last checkpoint if there is one."""
    torch.manual_seed(trial.seed)
    units, keep = trial.params["hidden_units"], trial.params["keep_prob"]
    model = nn.Sequential(
        nn.Linear(64, units), nn.ReLU(), nn.Dropout(1 - keep), nn.Linear(units, 10)
    )
    optimizer = torch.optim.AdamW(
        model.parameters(),
        lr=trial.params["learning_rate"],
        weight_decay=trial.params["weight_decay"],
    )
    done = 0
    if trial.checkpoint is not None:
        # Weights only: a checkpoint is data, and never runs anything.
        kept = torch.load(io.BytesIO(trial.checkpoint), weights_only=True)
        model.load_state_dict(kept["model"])
        optimizer.load_state_dict(kept["optimizer"])
        done = trial.start_epoch
    for epoch in range(done + 1, trial.stop_epoch + 1):
        torch.manual_seed(trial.seed + epoch)
        model.train()
        for batch in torch.randperm(len(train_x)).split(trial.params["batch_size"]):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(train_x[batch]), train_y[batch]).backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            outputs = model(valid_x)
            loss = nn.functional.cross_entropy(outputs, valid_y)
            error = (outputs.argmax(1) != valid_y).float().mean()
        trial.report(epoch, validation_loss=loss, validation_error=error)
        trial.save(as_bytes({"model": model.state_dict(), "optimizer": optimizer.state_dict()}))
        if trial.should_stop:
            return


def as_bytes(state):
    """A state as torch.save writes it."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return buffer.getvalue()
