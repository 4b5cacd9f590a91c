"""Models that styles steer: a domain, and one of the many styles in it."""

from dataclasses import replace
from pathlib import Path

from stargan_tf.cli.command import Switch, number
from stargan_tf.cli.model_flags import add_mask_provider, check_masks
from stargan_tf.discovery import API_VERSION
from stargan_tf.errors import InputError
from stargan_tf.files import check_file
from stargan_tf.steering import Plan, Steering

FEW, MANY = 2, 4  # random styles that make a strip, and that fill a grid or a video
_RANDOM = ("seed", "styles", "truncation")
_FORMS = ("all", "grid", "strip", "video")


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
        """Which styles, and in which form."""
        group = parser.add_argument_group("Style (style models)")
        add, file = group.add_argument, {"metavar": "FILE"}
        text = "Seed of the first random style; the next have N+1, N+2, …. [0]"
        add("--seed", type=number(int, 0), help=text)
        text = "Random styles per domain. [1; 2 for --strip; 4 for grids and videos]"
        add("--styles", type=number(int, 1), help=text)
        text = "0 gives the mean style, 1 the full variety of random styles. [1]"
        add("--truncation", type=number(float, 0.0, 1.0), help=text)
        add(
            "--reference",
            action="append",
            metavar="PATH",
            help="Image, or folder of images, whose style to take; may be repeated. "
            "Its domain is --to, or the name of its folder.",
        )
        add("--style_file", **file, help="File of styles, .npz.")
        add("--save_style", **file, help="Write the styles to a .npz for --style_file.")
        add_mask_provider(group)
        add = parser.add_argument_group("Form (style models)").add_argument
        text = "One image with a row for each input and a column for each style."
        add("--grid", action=Switch, default=False, help=text)
        text = "Interpolate between styles in N columns, with a row for each input."
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
        """Refuses flags that contradict each other."""
        sources = (*_RANDOM, "reference", "style_file")
        given = [name for name in sources if getattr(args, name) is not None]
        if len({"random" if name in _RANDOM else name for name in given}) > 1:
            flags = " and ".join(f"--{name}" for name in given)
            raise InputError(
                "Styles are random (--seed, --styles, --truncation), or come from "
                f"--reference, or from --style_file. Received: {flags}. Leave one."
            )
        if args.all and args.to is not None:
            raise InputError("Give either --to DOMAIN or --all.")
        if not (args.all or args.reference or args.style_file) and args.to is None:
            raise InputError("Give --to DOMAIN, or --all for every domain.")
        forms = [f"--{name}" for name in _FORMS if getattr(args, name)]
        if len(forms) > 1 and forms != ["--all", "--grid"]:
            raise InputError(f"Received: {' and '.join(forms)}. Leave one.")
        for name in ("frames", "fps"):
            if getattr(args, name) is not None and not args.video:
                raise InputError(f"--{name} is for --video. Add it, or drop --{name}.")
        if args.fit == "keep":
            raise InputError(
                "Style models take squares: --fit crop or stretch. Received: keep"
            )
        if forms and args.size == "original":
            raise InputError(
                f"{forms[0]} draws pictures as the model does; drop --size original."
            )
        if not args.output and (args.inputs or not args.save_style):
            raise self.missing("output")

    def plan(self, args, state, fitting):
        """Images in styles: as files, as a grid or strip, or as a video."""
        from stargan_tf.data.labels import LabelSpace
        from stargan_tf.steering.style_files import check_style_path, save_styles
        from stargan_tf.translation import interpolation, translate
        from stargan_tf.translation.pictures import (
            PictureStream,
            find_inputs,
            names_a_file,
        )

        space = LabelSpace(state.datasets)
        options = strength_options(args, space)
        source = choose_styles(args, state.model, space, fitting)
        references = getattr(source, "pictures", ())
        code = {"mask_provider": args.mask_provider}
        overwrite = args.overwrite
        save = args.save_style and check_style_path(args.save_style)
        if save:
            translate.check_outputs(references, [save])
            check_file(save, overwrite)

        def save_source(model):
            return save_styles(save, source.codes(model), source.domains, model)

        if save and not (args.inputs or args.output):
            return Plan(lambda model: [save_source(model)], "", code=code)
        pictures = find_inputs(
            args.inputs,
            None if args.video else args.output,
            measured=fitting.is_measured,
        )
        stream = PictureStream(pictures, fitting)
        place, at_once = args.output, args.batch_size
        if args.video:
            frames, fps = args.frames or 80, args.fps or 20
            interpolation.check_sources(len(pictures))
            path = interpolation.check_film(place, fps)
            translate.check_outputs([*references, *pictures], [path])
            check_file(path, overwrite)
        elif args.all or args.grid or args.strip:
            columns = 1 + (args.strip or len(source.domains))
            write = translate.to_grid(
                stream, place, at_once, columns, references, overwrite
            )
        else:
            write = translate.to_files(
                stream,
                place,
                at_once,
                source.names,
                references,
                overwrite,
                getattr(args, "record", None),
            )
            if names_a_file(place, fitting.is_measured):
                place = str(Path(place).parent)

        def work(model):
            check_masks(args.mask_provider, model)
            if save:
                print(f"Wrote {save_source(model)}")
            if args.video:
                images = [fitted.image for _, fitted in stream]
                if not images:
                    return []
                film = interpolation.film_along_the_way
                return [film(path, model, images, source, frames, fps, at_once)]
            if args.strip:
                translation = interpolation.along_the_way(model, source, args.strip)
            else:
                translation = source.translation(model)
            return write(model, replace(translation, **options))

        return Plan(work, place, stream, code)


STYLES = StyleSteering()


def strength_options(args, label_space):
    """Arguments of `ToStyles` for a strength in `--to`; InputError by other flags."""
    from stargan_tf.data.targets import parse_target

    strength = 1.0
    if args.to is not None:
        _, strength = parse_target(args.to, label_space).chosen
    if strength == 1.0 and args.from_ is None:
        return {}
    if strength == 1.0 or args.from_ is None:
        raise InputError(
            "A strength below 1 starts from the style of the inputs, in the domain "
            "that they show: --to DOMAIN:0.5 --from DOMAIN. Received: "
            + (f"--from {args.from_} alone" if args.from_ else f"--to {args.to} alone")
        )
    if args.video:
        raise InputError("--video shows whole styles. Drop --from and the strength.")
    own_domain, _ = parse_target(args.from_, label_space).chosen
    return {"strength": strength, "own_domain": own_domain}


def choose_styles(args, family, label_space, fitting):
    """The styles that checked flags stand for; references and style files are read.

    An InputError says if the domain is unknown, a file unreadable, or there are too
    many styles or, for an interpolation, too few.
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
    moving = next((name for name in ("strip", "video") if getattr(args, name)), None)
    if moving and len(source.domains) < 2:
        raise InputError(
            f"--{moving} goes from style to style and needs two or more. Received: "
            "one. Repeat --reference, or raise --styles."
        )
    return source


def _count(args, at_most):
    """Random styles of each domain: by default no more than `at_most`, but one."""
    if args.styles is not None:
        return args.styles
    if args.strip:
        return FEW
    many = args.all or args.grid or args.video
    return max(1, min(MANY, at_most)) if many else 1
