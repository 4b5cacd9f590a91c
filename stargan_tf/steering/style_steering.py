"""Steering by styles: the flags of `stargan-tf translate` and its plans."""

from dataclasses import replace
from pathlib import Path

from stargan_tf.cli.command import Switch, number
from stargan_tf.cli.model_flags import add_mask_provider, check_masks
from stargan_tf.discovery import API_VERSION
from stargan_tf.errors import InputError
from stargan_tf.files import check_ending, check_file
from stargan_tf.steering import Plan, Steering

FEW, MANY = 2, 4  # default number of random styles: in a strip; in a grid or video
_RANDOM = ("seed", "styles", "truncation")
_LAYOUTS = ("all", "grid", "strip", "video")


class StyleSteering(Steering):
    """Steering by styles; see `stargan_tf.steering.styles`."""

    api_version = API_VERSION
    name = "styles"
    title = "style"
    usage = (
        "--model DIR --to DOMAIN [--seed N | --reference FILE | --style_file FILE] "
        "INPUT [INPUT …] --output PATH",
        "--model DIR --to DOMAIN [--seed N] --video INPUT --output FILE",
        "--model DIR --to DOMAIN --reference FILE --save_style FILE",
    )

    remote_model = "stargan_tf.serving.remote_models:RemoteStyleModel"
    tasks = "stargan_tf.steering.tasks:style_tasks"

    def add_arguments(self, parser):
        """Adds the flags for styles and for the layout of the output."""
        group = parser.add_argument_group("Style (style models)")
        add, file = group.add_argument, {"metavar": "FILE"}
        text = "Seed of the first random style; the next seeds are N+1, N+2, …. [0]"
        add("--seed", type=number(int, 0), help=text)
        text = "Random styles per domain. [1; 2 for --strip; 4 for grids and videos]"
        add("--styles", type=number(int, 1), help=text)
        text = "From the mean style (0) to the full diversity of random styles (1). [1]"
        add("--truncation", type=number(float, 0.0, 1.0), help=text)
        add(
            "--reference",
            action="append",
            metavar="PATH",
            help="Image, or folder of images, whose style to use; may be repeated. "
            "Its domain is --to, or the name of its folder.",
        )
        add("--style_file", **file, help="Style file (.npz) from --save_style.")
        add("--save_style", **file, help="Save the styles to a style file (.npz).")
        add_mask_provider(group)
        add = parser.add_argument_group("Layout (style models)").add_argument
        text = "Write one image with a row per input and a column per style."
        add("--grid", action=Switch, default=False, help=text)
        text = "Interpolate between styles in N columns, with a row per input."
        add("--strip", type=number(int, 2), metavar="N", help=text)
        add(
            "--video",
            action=Switch,
            default=False,
            help="Interpolate between styles and back; --output is a .gif, .webp, or "
            ".mp4 file. Several inputs are shown side by side.",
        )
        add("--frames", type=number(int, 2), help="Number of frames. [80]")
        add("--fps", type=number(int, 1), help="Frames per second. [20]")

    def check(self, args):
        """Checks the flags of styles and layout, `--to`, `--fit`, and `--size`."""
        sources = (*_RANDOM, "reference", "style_file")
        given = [name for name in sources if getattr(args, name) is not None]
        if len({"random" if name in _RANDOM else name for name in given}) > 1:
            flags = " and ".join(f"--{name}" for name in given)
            raise InputError(
                "Styles must come from only one source: random numbers (--seed, "
                "--styles, --truncation), --reference, or --style_file. Received: "
                f"{flags}"
            )
        if args.all and args.to is not None:
            raise InputError("Pass either --to DOMAIN or --all. Received: both.")
        if not (args.all or args.reference or args.style_file) and args.to is None:
            raise InputError(
                "Pass --to DOMAIN, or --all for every domain. Received: neither."
            )
        layouts = [f"--{name}" for name in _LAYOUTS if getattr(args, name)]
        if len(layouts) > 1 and layouts != ["--all", "--grid"]:
            raise InputError(
                "Pass at most one of --all, --grid, --strip, and --video. Received: "
                f"{' and '.join(layouts)}"
            )
        for name in ("frames", "fps"):
            if getattr(args, name) is not None and not args.video:
                raise InputError(
                    f"--{name} applies only to --video. Received: --{name} without "
                    f"--video. Add --video, or remove --{name}."
                )
        if args.fit == "keep":
            raise InputError(
                "Style models need --fit crop or stretch. Received: --fit keep"
            )
        if layouts and args.size == "original":
            raise InputError(
                f"{layouts[0]} uses the model's image size. Received: --size original. "
                "Remove --size."
            )
        if args.save_style and layouts not in ([], ["--all"]) and not args.inputs:
            raise InputError(
                f"{layouts[0]} needs an INPUT. Received: only --save_style. Add an "
                f"image and --output, or remove {layouts[0]}."
            )
        if not args.output and (args.inputs or not args.save_style):
            raise self.missing("output")

    def plan(self, args, state, fitting):
        """Plans translations to styles, as files, a grid, a strip, or a video."""
        from stargan_tf.data.labels import LabelSpace
        from stargan_tf.steering.style_files import EXTENSIONS, save_styles
        from stargan_tf.translation import interpolation, translate
        from stargan_tf.translation.pictures import (
            PictureStream,
            find_inputs,
            names_a_file,
        )

        space = LabelSpace(state.datasets)
        options = strength_options(args, space)
        source = choose_styles(args, state.model, space, fitting)
        references = getattr(source, "files", ())
        code = {"mask_provider": args.mask_provider}
        overwrite = args.overwrite
        save = args.save_style
        if save:
            save = check_ending(save, "a style file", EXTENSIONS)
            translate.check_outputs(references, [save])
            check_file(save, overwrite)

        def save_source(model):
            return save_styles(save, source.codes(model), source.domains, model)

        if save and not (args.inputs or args.output):
            return Plan(lambda model: [save_source(model)], "", code=code)
        files = find_inputs(
            args.inputs,
            None if args.video else args.output,
            measured=fitting.is_measured,
        )
        stream = PictureStream(files, fitting)
        place, batch_size = args.output, args.batch_size
        if args.video:
            frames, fps = args.frames or 80, args.fps or 20
            interpolation.check_sources(len(files))
            path = interpolation.check_video(place, fps)
            translate.check_outputs([*references, *files], [path])
            check_file(path, overwrite)
        elif args.all or args.grid or args.strip:
            columns = 1 + (args.strip or len(source.domains))
            write = translate.to_grid(
                stream, place, batch_size, columns, references, overwrite
            )
        else:
            write = translate.to_files(
                stream,
                place,
                batch_size,
                source.names,
                references,
                overwrite,
                getattr(args, "record", None),
            )
            if names_a_file(place, fitting.is_measured):
                place = str(Path(place).parent)

        def work(model):
            check_masks(args.mask_provider, model)
            if args.video:
                images = [fitted.image for _, fitted in stream]
                video = path, model, images, source, frames, fps, batch_size
                write_video = interpolation.video_along_the_way
                written = [write_video(*video)] if images else []
            else:
                if args.strip:
                    translation = interpolation.along_the_way(model, source, args.strip)
                else:
                    translation = source.translation(model)
                written = write(model, replace(translation, **options))
            # Last: an existing file would be in the way of a resumed run.
            if save:
                print(f"Wrote {save_source(model)}")
            return written

        return Plan(work, place, stream, code)


STYLES = StyleSteering()


def strength_options(args, label_space):
    """Returns the arguments of `ToStyles` for a strength in `--to`.

    Raises:
        InputError: if the strength and `--from` are not given together.
    """
    from stargan_tf.data.targets import parse_target

    strength = 1.0
    if args.to is not None:
        _, strength = parse_target(args.to, label_space).chosen
    if strength == 1.0 and args.from_ is None:
        return {}
    if strength == 1.0 or args.from_ is None:
        raise InputError(
            "A strength below 1 and the domain of the inputs must be given together, "
            "as in --to DOMAIN:0.5 --from DOMAIN. Received: only "
            + (f"--from {args.from_}" if args.from_ else f"--to {args.to}")
        )
    if args.video:
        raise InputError(
            "--video does not support strengths. Received: --video with --to "
            f"{args.to}. Remove --from and the strength."
        )
    source_domain, _ = parse_target(args.from_, label_space).chosen
    return {"strength": strength, "source_domain": source_domain}


def choose_styles(args, family, label_space, fitting):
    """Returns the styles of checked flags; reads references and style files.

    Raises:
        InputError: if a domain is unknown, a file cannot be read, or there are too many
            styles, or too few for an interpolation.
    """
    from stargan_tf.data.targets import parse_target
    from stargan_tf.steering import style_files, styles

    domains = label_space.datasets[0].domains
    domain = None
    if args.to is not None:
        domain, _ = parse_target(args.to, label_space).chosen
    if args.reference:
        plain = replace(fitting, size="model")
        source = styles.read_references(args.reference, plain, domains, domain)
    elif args.style_file:
        source = style_files.read_stored(args.style_file, family, domains, domain)
    else:
        chosen = domains if domain is None else (domain,)
        count = _count(args, at_most=styles.MAX_STYLES // len(chosen))
        flag = "--all" if args.styles is None else "--styles"
        styles.check_count(count * len(chosen), flag)
        first = args.seed or 0
        truncation = 1.0 if args.truncation is None else args.truncation
        seeds = range(first, first + count)
        source = styles.random_styles(chosen, seeds, truncation)
    layout = next((name for name in ("strip", "video") if getattr(args, name)), None)
    if layout and len(source.domains) < 2:
        raise InputError(
            f"--{layout} interpolates between styles and needs at least two. Received: "
            "one. Repeat --reference, or increase --styles."
        )
    return source


def _count(args, at_most):
    """Number of random styles per domain; the default is at most `at_most`, or 1."""
    if args.styles is not None:
        return args.styles
    if args.strip:
        return FEW
    many = args.all or args.grid or args.video
    return max(1, min(MANY, at_most)) if many else 1
